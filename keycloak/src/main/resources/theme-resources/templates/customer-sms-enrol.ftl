<#import "template.ftl" as layout>
<#import "field.ftl" as field>
<#import "buttons.ftl" as buttons>
<@layout.registrationLayout displayMessage=!messagesPerField.existsError('smsCode','smsNumber'); section>
    <#if section = "header">
        ${msg("customerSmsEnrolTitle")}
    <#elseif section = "form">
        <#if smsSentTo??>
            <p id="customer-sms-sent">${msg("customerSmsSentTo", smsSentTo)}</p>
            <form id="customer-sms-form" class="${properties.kcFormClass!}" action="${url.loginAction}" method="post">
                <@field.input name="smsCode" label=msg("customerSmsCode") autocomplete="one-time-code" autofocus=true />
                <@buttons.actionGroup>
                    <@buttons.button id="customer-sms-prove" name="prove" label="doSubmit" value="true" />
                </@buttons.actionGroup>
            </form>
            <form id="customer-sms-resend" class="${properties.kcFormClass!} ${properties.kcMarginTopClass!}" action="${url.loginAction}" method="post">
                <@buttons.actionGroup>
                    <@buttons.button id="customer-sms-again" name="resend" label="customerSmsAgain" type="secondary" value="true" />
                    <@buttons.button id="customer-sms-change" name="change" label="customerSmsOtherNumber" type="secondary" value="true" />
                    <#if isAppInitiatedAction??>
                        <@buttons.button id="customer-sms-cancel" name="cancel-aia" label="doCancel" type="secondary" value="true" />
                    </#if>
                </@buttons.actionGroup>
            </form>
        <#else>
            <p>${msg("customerSmsEnrol")}</p>
            <form id="customer-sms-number-form" class="${properties.kcFormClass!}" action="${url.loginAction}" method="post">
                <@field.input name="smsNumber" label=msg("customerSmsNumber") value=(smsTyped!'') autocomplete="tel" autofocus=true />
                <@buttons.actionGroup>
                    <@buttons.button id="customer-sms-send" name="send" label="customerSmsSend" value="true" />
                    <#if isAppInitiatedAction??>
                        <@buttons.button id="customer-sms-cancel" name="cancel-aia" label="doCancel" type="secondary" value="true" />
                    </#if>
                </@buttons.actionGroup>
            </form>
        </#if>
    </#if>
</@layout.registrationLayout>
