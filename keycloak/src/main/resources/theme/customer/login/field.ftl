<#-- Fields as keycloak.v2's, their errors told to who does not see them. -->
<#macro group name label error="" required=false>
<div class="${properties.kcFormGroupClass}">
    <label for="${name}">${label}<#if required> <span class="${properties.kcInputRequiredClass}" aria-hidden="true">*</span></#if></label>
    <#nested>
    <div id="input-error-container-${name}">
        <#if error?has_content>
        <p class="${properties.kcInputErrorMessageClass} kc-feedback-text" id="input-error-${name}" aria-live="polite">${error}</p>
        </#if>
    </div>
</div>
</#macro>

<#macro errorIcon error=""></#macro>

<#macro told name error>
<#if error?has_content>aria-invalid="true" aria-describedby="input-error-${name}"</#if>
</#macro>

<#macro input name label value="" required=false autocomplete="off" fieldName=name error=messagesPerField.get(fieldName) autofocus=false>
<@group name=name label=label error=error required=required>
    <input id="${name}" name="${name}" value="${value}" type="text" autocomplete="${autocomplete}"<#if autofocus> autofocus</#if><#if autocomplete == "one-time-code"> inputmode="numeric"</#if><#if autocomplete?starts_with("username")> inputmode="email" autocapitalize="none" spellcheck="false"</#if><#if autocomplete == "tel"> inputmode="tel"</#if>
        <@told name error />>
</@group>
</#macro>

<#macro password name label value="" required=false forgotPassword=false fieldName=name error=messagesPerField.get(fieldName) autocomplete="off" autofocus=false>
<@group name=name label=label error=error required=required>
    <div class="${properties.kcInputGroup}">
        <input id="${name}" name="${name}" value="${value}" type="password" autocomplete="${autocomplete}"<#if autofocus> autofocus</#if>
            <@told name error />>
        <button class="${properties.kcFormPasswordVisibilityButtonClass}" type="button" aria-label="${msg('showPassword')}"
            aria-controls="${name}" data-password-toggle
            data-icon-show="${properties.kcFormPasswordVisibilityIconShow}" data-icon-hide="${properties.kcFormPasswordVisibilityIconHide}"
            data-label-show="${msg('showPassword')}" data-label-hide="${msg('hidePassword')}" id="${name}-show-password">
            <i class="${properties.kcFormPasswordVisibilityIconShow}" aria-hidden="true"></i>
        </button>
    </div>
    <#nested>
    <#if forgotPassword>
    <p class="hint"><a href="${url.loginResetCredentialsUrl}">${msg("doForgotPassword")}</a></p>
    </#if>
</@group>
</#macro>

<#macro clipboard name label ariaLabel=label value="" readonly=true>
<@group name=name label=label>
    <input id="${name}" name="${name}" value="${value}" type="text"<#if readonly> readonly</#if>>
</@group>
</#macro>

<#macro checkbox name label value=false required=false>
<div class="${properties.kcCheckboxClass}">
    <input type="checkbox" id="${name}" name="${name}"<#if value> checked</#if>>
    <label for="${name}">${label}<#if required> <span class="${properties.kcInputRequiredClass}" aria-hidden="true">*</span></#if></label>
</div>
</#macro>
